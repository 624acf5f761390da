"""The door for agents: a server of the Model Context Protocol at ``/mcp``.

Each tool is a few requests to our own API, sent with the agent's key through the very stack that
serves everybody: keys, scopes, roles, mandates, throttles, validation and idempotency are those of
the API, since it is the API that is asked. There is no rule here, and no Django.
"""
