"""The answers of the emulator to a request for content: what kind is asked for, and how each is made.

`compose` picks the kind, and each other module makes one: `replies` texts, `schema` JSON, `tools`
function calls, `builtin_tools` the work of hosted tools, `media` sounds and pictures. `thinking`,
`logprobs` and `safety` add what surrounds an answer, and `streaming` cuts one into pieces.
"""
