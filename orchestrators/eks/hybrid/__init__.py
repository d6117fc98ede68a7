"""EKS Hybrid Nodes: machines of a data centre that join a cluster in AWS over a VPN or Direct Connect."""
