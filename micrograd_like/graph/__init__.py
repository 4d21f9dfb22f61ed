"""The recorded computation: its names, programs, columns, copies and gradients."""
