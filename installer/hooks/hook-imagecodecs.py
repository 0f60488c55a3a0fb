"""The codecs that picture files of photographers have; all others are left out.

imagecodecs loads each at its first use, so that PyInstaller cannot see which are used. A TIFF with
another one (LERC, JPEG XR, JETRAW, EER) is refused by name.
"""

CODECS = ("shared", "shared_cython", "imcd", "cms", "deflate", "zlib", "zstd", "lzma", "png",
          "jpeg8", "jpeg2k", "jpegxl", "webp")  # fmt: skip

hiddenimports = [f"imagecodecs._{name}" for name in CODECS]
