"""The parts of `nn`, `data` and `train`, which a learner imports instead."""
