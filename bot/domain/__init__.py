"""Pure rules: no await, no input or output, no clock of their own."""
