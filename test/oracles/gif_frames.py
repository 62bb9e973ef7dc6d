"""Pictures that Pillow finds in GIF files, against the raw ones beside them: src/platform/gif.test.ts.

    pip install pillow numpy
    python test/oracles/gif_frames.py a.gif a.rgba        # a.rgba: all pictures, four bytes a pixel, one after another
"""

import sys

import numpy as np
from PIL import Image, ImageSequence

path, raw = sys.argv[1:]
gif = Image.open(path)
truth = np.fromfile(raw, np.uint8).reshape(-1, gif.height, gif.width, 4)[..., :3]
found = [(np.array(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(gif)]
assert len(found) == len(truth), (len(found), len(truth))
for i, (pixels, milliseconds) in enumerate(found):
    print(i, milliseconds, "the same" if (pixels == truth[i]).all() else "other pixels")
