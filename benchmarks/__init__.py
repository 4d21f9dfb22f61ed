"""Measurements that need a quiet machine; the tests never look at a clock."""
