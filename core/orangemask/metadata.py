"""Exif, XMP and IPTC: what a scan says of itself, carried to the positive.

Exiv2 (pyexiv2) only ever writes into an empty JPEG of four bytes. Its three segments are taken out
of that and put where the output format wants them, so no exiv2 code touches the pixels and a large
file is not rewritten for a few kilobytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import MappingProxyType, ModuleType
from typing import TypeAlias

from orangemask.errors import ParameterError
from orangemask.spaces import Space

Tags: TypeAlias = Mapping[str, object]
_Write: TypeAlias = dict[str, object]

NAMESPACE = "http://ns.orangemask.org/1.0/"  # XMP, property orangemask:Values
MAX_VALUES = 8000  # characters; a segment holds 64 KiB, XMP writes a quotation mark in six
EMPTY_JPEG = b"\xff\xd8\xff\xd9"
_LOCK = Lock()  # exiv2's XMP toolkit and log level belong to the whole process


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of IFD 0 only what is true of any rendering; the rest describes the old pixels or the raw data.
_KEPT_IMAGE = _names(
    "Artist BatteryLevel CameraSerialNumber Copyright DateTime DateTimeOriginal DocumentName "
    "ExifTag GPSTag HostComputer ImageDescription ImageNumber LensInfo Make Model "
    "OriginalRawFileName PageName Rating RatingPercent ResolutionUnit UniqueCameraModel XPAuthor "
    "XPComment XPKeywords XPSubject XPTitle XResolution YResolution"
)
_DROPPED_PHOTO = _names(
    "CFAPattern ComponentsConfiguration CompressedBitsPerPixel Gamma "
    "InteroperabilityTag PixelXDimension PixelYDimension RelatedSoundFile SubjectArea "
    "SubjectLocation UserComment"
)
_DROPPED_GROUPS = _names(
    "Image2 Image3 Iop MpfInfo NikonPreview OlympusRi PanasonicRaw PentaxDng PreviewImage Thumbnail"
)
_DROPPED_XMP = _names(
    "Container GCamera GDepth GImage GPano Item apdi crd crlcp crs darktable hdrgm mwg-rs "
    "orangemask stArea xmpMM"
)
_DROPPED_XMP_NAMES = _names(
    "exif.ColorSpace exif.ComponentsConfiguration exif.CompressedBitsPerPixel exif.Gamma "
    "exif.NativeDigest exif.PixelXDimension exif.PixelYDimension exif.SubjectArea "
    "exif.UserComment photoshop.ColorMode photoshop.DocumentAncestors photoshop.History "
    "photoshop.EmbeddedXMPDigest photoshop.ICCProfile photoshop.LegacyIPTCDigest "
    "photoshop.SidecarForExtension xmp.CreatorTool xmp.MetadataDate xmp.PageInfo xmp.Thumbnails"
)


def _none() -> Tags:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says of itself.

    Attributes
    ----------
    exif, xmp, iptc : mapping of str to value
        By exiv2's keys: ``Exif.Photo.FNumber``, ``Xmp.dc.title``, ``Iptc.Application2.City``.
    comment : str
        The JPEG comment.
    warnings : tuple of str
        What could not be read.
    carrier : bytes
        The Exif block in an empty JPEG, types and MakerNote as in the source.
    """

    exif: Tags = field(default_factory=_none)
    xmp: Tags = field(default_factory=_none)
    iptc: Tags = field(default_factory=_none)
    comment: str = ""
    warnings: tuple[str, ...] = ()
    carrier: bytes = field(default=EMPTY_JPEG, repr=False)


@dataclass(frozen=True, slots=True)
class Packets:
    """Metadata as files hold it; empty where there is none.

    Attributes
    ----------
    exif, xmp, iptc : bytes
        A little-endian TIFF structure; XMP in UTF-8; a Photoshop resource with the IPTC records.
        At most 64 KiB each.
    warnings : tuple of str
        What was left out.
    """

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    warnings: tuple[str, ...] = ()


def read_metadata(path: Path) -> Metadata:
    """Return the metadata of a picture file.

    Parameters
    ----------
    path : Path
        RAW, DNG, TIFF, PNG, JPEG …

    Returns
    -------
    Metadata
        Empty, with a warning, where the file is damaged or of a kind exiv2 does not know.
    """
    warnings: list[str] = []
    try:
        pyexiv2 = _exiv2()
        with _LOCK, pyexiv2.Image(str(path)) as source:
            exif = _family(source.read_exif, "Exif", warnings)
            xmp = _family(source.read_xmp, "XMP", warnings)
            iptc = _family(source.read_iptc, "IPTC", warnings)
            comment = ""
            with suppress(RuntimeError, ValueError):
                comment = str(source.read_comment(encoding="latin-1"))
            carrier = _carrier(source.copy_to_another_image, warnings) if exif else EMPTY_JPEG
    except (RuntimeError, ValueError, OSError, ImportError) as error:
        cause = _line(error).removeprefix(f"{path}: ")
        return Metadata(warnings=(f"no metadata read from {path.name}: {cause}",))
    return Metadata(exif, xmp, iptc, comment, tuple(warnings), carrier)


def packets(
    metadata: Metadata | None,
    *,
    values_json: str | None = None,
    software: str = "Orangemask",
    space: Space | None = None,
    width: int,
    height: int,
) -> Packets:
    """Return the metadata for a rendering of the picture it came from.

    Orientation becomes 1; old sizes, previews, raw colour and develop settings are left out.

    Parameters
    ----------
    metadata : Metadata or None
        Of the source.
    values_json : str or None
        The values file, put into Exif UserComment and XMP ``orangemask:Values``.
    software : str
        Name and version of the program.
    space : Space or None
        Of the output, for ColorSpace: 1 is sRGB, 65535 anything else.
    width, height : int
        Of the output, px.

    Raises
    ------
    ParameterError
        The values are longer than `MAX_VALUES`.
    """
    metadata = metadata or Metadata()
    exif: _Write = {k: None for k in metadata.exif if not _keeps_exif(k)}  # removes
    exif |= {
        "Exif.Image.Orientation": "1",
        "Exif.Image.Software": software,
        "Exif.Photo.ColorSpace": "1" if space is not None and space.name == "srgb" else "65535",
        "Exif.Photo.PixelXDimension": str(width),
        "Exif.Photo.PixelYDimension": str(height),
    }
    if "Exif.Image.XResolution" not in metadata.exif:  # 72 dpi is Exif's word for unknown
        exif |= {"Exif.Image.XResolution": "72/1", "Exif.Image.YResolution": "72/1"}
        exif["Exif.Image.ResolutionUnit"] = "2"
    xmp = {key: value for key, value in metadata.xmp.items() if _keeps_xmp(key)}
    xmp["Xmp.xmp.CreatorTool"] = software
    if values_json is not None:
        if len(values_json) > MAX_VALUES:
            raise ParameterError(f"values of {len(values_json)} characters: {MAX_VALUES} fit")
        charset = "Ascii" if values_json.isascii() else "Unicode"
        exif["Exif.Photo.UserComment"] = f"charset={charset} {values_json}"
        xmp["Xmp.orangemask.Values"] = values_json
    iptc = {key: value for key, value in metadata.iptc.items() if "Preview" not in key}
    return _encoded(metadata.carrier, exif, xmp, iptc)


def _encoded(carrier: bytes, exif: _Write, xmp: _Write, iptc: _Write) -> Packets:
    warnings: list[str] = []
    with _LOCK:
        try:
            exif_block = _packet("exif", exif, carrier)
        except (RuntimeError, ValueError) as error:
            warnings.append(f"Exif of the source left out: {_line(error)}")
            ours = {key: value for key, value in exif.items() if value is not None}
            exif_block = _shortened("exif", ours, warnings)
        except (ImportError, OSError) as error:
            return Packets(warnings=(f"no metadata written: {_line(error)}",))
        xmp_packet = _shortened("xmp", xmp, warnings).rstrip()
        iptc_block = _shortened("iptc", iptc, warnings)
    return Packets(exif_block, xmp_packet, iptc_block, tuple(warnings))


def _shortened(family: str, tags: _Write, warnings: list[str]) -> bytes:
    """Return a packet; if it is refused, without its longest entry, and so on."""
    while tags:
        try:
            return _packet(family, tags)
        except (RuntimeError, ValueError) as error:
            longest = max(tags, key=lambda key: len(str(tags[key])))
            tags = {key: value for key, value in tags.items() if key != longest}
            warnings.append(f"{longest} left out: {_line(error)}")
    return b""


def _packet(family: str, tags: _Write, carrier: bytes = EMPTY_JPEG) -> bytes:
    stub = _exiv2().ImageData(carrier)
    try:
        getattr(stub, f"modify_{family}")(tags)
        return dict(_segments(bytes(stub.get_bytes()))).get(family, b"")
    finally:
        stub.close()


def _segments(jpeg: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the metadata segments of a JPEG that has nothing else."""
    heads = (
        ("exif", b"Exif\0\0"),
        ("xmp", b"http://ns.adobe.com/xap/1.0/\0"),
        ("iptc", b"Photoshop 3.0\0"),
    )
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at + 1] != 0xD9:  # end of image
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        for name, head in heads:
            if jpeg.startswith(head, at + 4):
                yield name, jpeg[at + 4 + len(head) : end]
        at = end


def _carrier(copy_to: Callable[..., None], warnings: list[str]) -> bytes:
    stub = _exiv2().ImageData(EMPTY_JPEG)
    others = dict.fromkeys(("iptc", "xmp", "comment", "icc", "thumbnail"), False)
    try:
        copy_to(stub, exif=True, **others)
        jpeg = bytes(stub.get_bytes())
    except RuntimeError as error:
        warnings.append(f"Exif not carried over: {_line(error)}")
        jpeg = EMPTY_JPEG
    stub.close()
    return jpeg


def _family(read: Callable[..., dict[str, object]], name: str, warnings: list[str]) -> Tags:
    try:
        try:
            tags = read()
        except UnicodeDecodeError:  # cameras write what they like; Latin-1 reads anything
            tags = read(encoding="latin-1")
    except (RuntimeError, ValueError) as error:
        warnings.append(f"{name} not read: {_line(error)}")
        return _none()
    return MappingProxyType(tags)


def _keeps_exif(key: str) -> bool:
    _, group, name = key.split(".", 2)
    if group == "Image":
        return name in _KEPT_IMAGE
    if group == "Photo":
        return name not in _DROPPED_PHOTO
    return group not in _DROPPED_GROUPS and not group.startswith("SubImage")


def _keeps_xmp(key: str) -> bool:
    _, prefix, name = key.split(".", 2)
    top = name.split("/")[0].split("[")[0]
    if prefix == "tiff":
        return top in _KEPT_IMAGE
    return prefix not in _DROPPED_XMP and f"{prefix}.{top}" not in _DROPPED_XMP_NAMES


def _exiv2() -> ModuleType:
    """Return pyexiv2, silent and with our namespace."""
    import pyexiv2

    module: ModuleType = pyexiv2
    module.set_log_level(4)  # mute: it would write to stderr past our log
    module.registerNs(NAMESPACE, "orangemask")
    return module


def _line(error: Exception) -> str:
    text = (str(error).splitlines() or [type(error).__name__])[0]
    return text[:1].lower() + text[1:]
