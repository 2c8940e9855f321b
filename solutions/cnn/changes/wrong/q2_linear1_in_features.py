"""`linear1` takes the 28 * 28 pixels of the image."""

del evaluate, train

linear1 = nn.Linear(in_features=28 * 28, out_features=10)
