"""Which scalars do the same: the lanes of an array, and the strides that visit them."""
