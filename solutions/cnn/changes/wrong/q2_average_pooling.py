"""Uses average pooling where max pooling is asked for."""

maxpool1 = nn.AvgPool2d(kernel_size=4, stride=4, padding=0)
maxpool2 = nn.AvgPool2d(kernel_size=2, stride=2, padding=0)
