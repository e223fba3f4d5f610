#!/usr/bin/env python3
"""Prints the messages that wait in a queue of bytes or text, and takes none: read_queue.py FILE.

Nothing but docs/layout.md and Python's standard library. The queue may be in use meanwhile: a message is
printed if its slot said the same before and after it was copied.
"""

import mmap
import os
import struct
import sys

HEADER = struct.Struct("<8sI4s32s7Q24s")
OBJECT, HEAD, TAIL, SLOTS = 128, 128 + 0, 128 + 128, 128 + 512
PUBLISHED = 2


def fail(why):
    sys.exit(f"read_queue: {why}")


def word(memory, offset):
    # A memoryview of 8-byte words loads each of them whole.
    return memory.cast("Q")[offset // 8]


def main(path):
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < HEADER.size:
            fail(f"{size} bytes are no segment")
        memory = memoryview(mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ))
    fields = HEADER.unpack(bytes(memory[: HEADER.size]))
    magic, version, protocol, record, record_size, _, slots, _, segment_size, start, _, _ = fields
    if magic != b"SELVEDGE" or version != 2 or segment_size != size or start != OBJECT:
        fail("not a segment of layout version 2")
    record = record.rstrip(b"\0").decode()
    if protocol != b"MPMC" or record != "selvedge.message/1":
        fail(f"{protocol.decode()} of {record}: not a message queue of bytes or text")
    stride = -(-(8 + record_size) // 8) * 8
    head, tail = word(memory, HEAD), word(memory, TAIL)
    for position in range(head, head + (tail - head) % 2**64):
        slot = SLOTS + position % slots * stride
        before = word(memory, slot)
        (length,) = struct.unpack_from("<I", memory, slot + 8)
        message = bytes(memory[slot + 12 : slot + 12 + min(length, record_size - 4)])
        lap = position % 2**64 // slots * slots % 2**50
        if before == word(memory, slot) == lap << 14 | PUBLISHED << 12:
            print(message.decode(errors="replace"))


if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else fail("one file is expected")
