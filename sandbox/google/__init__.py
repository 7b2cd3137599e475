"""Google's speech on this machine, without an account: recognition and synthesis over real gRPC, made from the
packages' own protos, and a chat model that answers as a stream (C11).

As a process of its own: `python -m sandbox.google --grpc-port 8766 --port 8767`. In a test:

    from sandbox.google.running import running_google

    with running_google(scripts=[{"transcripts": [{"text": "When do you open?"}]}]) as google:
        ...connect to google.grpc_address and google.base_url...

It hears and speaks really, or does what a script says (`sandbox.realtime.script`, its table `google`). Requests of
one call carry the same id: as `x-goog-request-reason` in gRPC, as `prompt_cache_key` in chat.
"""
