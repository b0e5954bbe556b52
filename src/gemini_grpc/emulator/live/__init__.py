"""Live sessions: everything behind BidiGenerateContent.

`session` is the state machine of one session: messages and the time go in, messages come out. It owns
no thread and no clock. `driver` runs it over a call. The other modules hold one noun each: what the
user says (`listener`, `voice`, `microphone`, `speech`), what the model says (`reply`, `usage`), what
both remember (`conversation`, `handles`), function calls (`calls`), and the rules that differ by model
(`profile`), by version of the API (`shape`) and by the wish of a test (`settings`).
"""
