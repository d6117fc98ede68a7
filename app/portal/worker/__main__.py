"""`python -m portal.worker`"""

import os
import socket

from portal import logs, settings
from portal.worker.loop import Worker

config = settings.load(settings.Worker.read)
logs.configure("worker")
Worker(config, name=f"{socket.gethostname()}-{os.getpid()}").run()
