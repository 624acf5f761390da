"""The private PostgreSQL and Valkey that come with the product, and what keeps them running.

Without `DATABASE_URL` and `REDIS_URL` the product brings both servers along, as wheels, and runs
them on Unix sockets beneath one directory, its home (`SPM_HOME`). Read in this order:

    noted.py       where other commands find the running servers
    home.py        the directory, its lock, its secrets, the short directory for the sockets
    processes.py   starting a process that does not outlive us, and telling it from its namesakes
    leftovers.py   the list of what runs, and ending what a killed supervisor left behind
    binaries.py    where the servers' programs are, and making them reachable
    postgresql.py  the database server and its two roles
    valkey.py      the broker and cache
    services.py    both together: `EmbeddedServices`
    parts.py       the processes with our own code: worker, beat, web
    serve.py       one web process on the supervisor's listening socket
    supervisor.py  keeping everything up, and stopping it in order
    guard.py       ends everything where the system cannot tie a child's life to its parent's
    up.py          all of it: what `manage.py up` becomes

Nothing in here imports Django, so that it can run before there are settings.
"""
