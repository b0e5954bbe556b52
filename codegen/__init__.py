"""The generator: from `protos/` to the packages `v1alpha`, `v1beta` and `aiplatform_v1`.

    load -> build -> render -> layout -> write

Each step goes from value to value; only `load` and `write` touch the disk. `unasync` derives the
synchronous shell from the asynchronous one and is part of the same output. Nothing here is imported
by the library, and nothing of the library is imported here.
"""
