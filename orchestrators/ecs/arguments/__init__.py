"""From documents in the shape of AWS's APIs to what the Pulumi provider takes, a module for each resource."""
