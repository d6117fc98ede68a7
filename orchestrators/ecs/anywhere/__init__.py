"""ECS Anywhere: machines of one's own in the data centre, launch type EXTERNAL.

EXTERNAL has neither load balancer nor discovery nor addresses of its own for tasks (AWS: Amazon ECS clusters for
external instances). So each service's port is published by the machines and held on the site's one address by a proxy.
"""
