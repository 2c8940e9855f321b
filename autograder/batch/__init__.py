"""Many submissions: which files they are, and the engines that grade them."""
