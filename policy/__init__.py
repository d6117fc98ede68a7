"""Rules that every stack keeps: functions over a resource's inputs, without pulumi. `__main__` is the policy pack."""
