"""Laying one picture over another: key points, a similarity, its refinement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitrina.duplicates.windows import SPACING, displacement, middle_of, window_means

# Key points taken of a view; 500 of a picture of 256 pixels take 3 ms and leave crops of a third matched.
_KEYPOINTS = 500
_RATIO = 0.85  # Lowe's test: the best match must beat the second by this much.
_REACH = 3.0  # Pixels that a matched point may lie off the fitted similarity.
_OUTLINE = 32  # Pixels of the square that tells at once whether two whole pictures can be the same.
_SCALES = (0.2, 5.0)  # Beyond these the coarser picture says too little of the finer one.


@dataclass
class Sheet:
    """A picture made ready: `grey` uint8 (h, w), `clipped` bool (h, w) where a channel is full,
    `colour` the mean spread of the channels in grey levels, `points` (k, 2) and `descriptors` (k, 32) of its
    key points once they were needed.
    """

    grey: np.ndarray
    clipped: np.ndarray
    colour: float
    points: np.ndarray | None = None
    descriptors: np.ndarray | None = None
    outline: np.ndarray | None = None

    @property
    def colourful(self) -> bool:
        """Whether it is in colour; JPEG gives a grey picture a spread of less than 2."""
        return self.colour > 2

    def detailed(self) -> float:
        """0 to 1: the share of its cells of 8x8 pixels that show something.

        Captions, filled corners, lost whites, strong compression leave cells flat (a standard deviation
        under half a grey level).
        """
        grey = self.grey.astype(np.float32)
        variance = window_means(grey * grey, 1) - window_means(grey, 1) ** 2
        return float((variance > 0.5**2).mean())

    def turned(self, turn: int) -> Sheet:
        """The same picture in one of eight positions, numbered as `perceptual.TURNS`."""
        if turn == 0:
            return self
        return Sheet(turn_array(self.grey, turn), turn_array(self.clipped, turn), self.colour)


def as_sheet(view: np.ndarray) -> Sheet:
    """A Sheet of uint8 pixels (h, w, 3)."""
    import cv2

    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
    # Plane by plane: a reduction over an axis of three is ten times as slow.
    red, green, blue = cv2.split(view)
    highest = np.maximum(np.maximum(red, green), blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    return Sheet(grey, highest >= 253, float((highest - lowest).mean()))


def resemblance(first: Sheet, second: Sheet) -> float:
    """-1 to 1: correlation of the two whole pictures at 32x32 pixels, without what is coarser than 1.5 of them.

    The best of three: all, without the upper fifth, without the lower fifth, where a caption may stand.
    Cheap. Measured on 130 photos: blurred, resized, captioned, re-encoded, 1.5 times as bright, in grey: 0.87
    at least; other galaxies of one survey 0.62 in the middle, 0.89 at most.
    """
    a, b = _outline(first), _outline(second)
    margin = _OUTLINE // 5
    best = -1.0
    for part in (slice(None), slice(margin, None), slice(None, -margin)):
        x, y = a[part].ravel(), b[part].ravel()
        best = max(best, float(x @ y) / (float(np.linalg.norm(x) * np.linalg.norm(y)) + 1e-6))
    return best


def _outline(sheet: Sheet) -> np.ndarray:
    import cv2

    if sheet.outline is None:
        size = (_OUTLINE, _OUTLINE)
        small = cv2.resize(sheet.grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        sheet.outline = small - cv2.GaussianBlur(small, (0, 0), 1.5)
    return sheet.outline


def turn_array(array: np.ndarray, turn: int) -> np.ndarray:
    """`array` (h, w) turned by `turn % 4` quarters to the left, mirrored before that from 4 on."""
    mirrored = array[:, ::-1] if turn >= 4 else array
    return np.ascontiguousarray(np.rot90(mirrored, turn % 4))


def whole_frame(first: Sheet, second: Sheet) -> np.ndarray:
    """float64 (2, 3): the map that lays the whole of `first` on the whole of `second`."""
    (h, w), (k, v) = first.grey.shape, second.grey.shape
    # Centres of pixels, not corners: (x + 0.5) * v / w - 0.5.
    return np.array([[v / w, 0, 0.5 * v / w - 0.5], [0, k / h, 0.5 * k / h - 0.5]])


def rough(first: Sheet, second: Sheet) -> tuple[np.ndarray | None, int, int]:
    """(similarity float64 (2, 3) first -> second or None, points that agree with it, points matched).

    ORB key points, nearest descriptors by Hamming distance, RANSAC: its random numbers start the same at
    each call, so the answer depends on the two pictures alone.
    """
    import cv2

    _find_points(first)
    _find_points(second)
    a, b = first.descriptors, second.descriptors
    if a is None or b is None or len(a) < 8 or len(b) < 8:
        return None, 0, 0
    distance, index = cv2.batchDistance(a, b, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=2)
    good = (distance[:, 0] < _RATIO * distance[:, 1]) & (distance[:, 0] < 80)
    matched = int(good.sum())
    if matched < 6:
        return None, 0, matched
    assert first.points is not None
    assert second.points is not None
    similarity, agree = cv2.estimateAffinePartial2D(
        first.points[good],
        second.points[index[good, 0]],
        method=cv2.RANSAC,
        ransacReprojThreshold=_REACH,
        maxIters=2000,
        confidence=0.999,
    )
    if similarity is None or not _SCALES[0] < scale_of(similarity) < _SCALES[1]:
        return None, 0, matched
    return similarity, int(agree.sum()), matched


def scale_of(similarity: np.ndarray) -> float:
    """How many pixels of the second picture a pixel of the first covers along a line."""
    return float(np.sqrt(abs(np.linalg.det(similarity[:, :2]))))


def inverted(similarity: np.ndarray) -> np.ndarray:
    """The map back, float64 (2, 3)."""
    turn = np.linalg.inv(similarity[:, :2])
    return np.column_stack([turn, -turn @ similarity[:, 2]])


def lay_over(array: np.ndarray, back: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`array` seen in a frame of `shape` (h, w); `back` (2, 3) maps that frame's points into `array`."""
    import cv2

    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(array, back, (shape[1], shape[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def covered(inside: tuple[int, ...], back: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """bool (h, w) of `shape`: where `back` leads into a picture of size `inside` (h, w)."""
    (a, b, c), (d, e, f) = back.tolist()
    xs, ys = np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32)[:, None]
    u, v = (a * xs + c) + b * ys, (d * xs + f) + e * ys
    return (u >= -0.5) & (u <= inside[1] - 0.5) & (v >= -0.5) & (v <= inside[0] - 0.5)


def refined(
    moving: np.ndarray, still: np.ndarray, back: np.ndarray, *, use: np.ndarray
) -> tuple[np.ndarray, float]:
    """(`back` (2, 3) improved until the two agree to hundredths of a pixel where they can, pixels left over).

    Each round measures the displacement in every window (Lucas and Kanade's least squares), fits a similarity
    to it that outliers hardly move, and applies that. What no similarity explains, the median over windows,
    is left over; above a pixel after two rounds it ends. `use` bool (h, w): where to look.
    """
    height, width = still.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], dtype=float)
    left_over = float("nan")
    for turn in range(6):
        mask = covered(moving.shape, back, still.shape) & use
        dx, dy, known = displacement(lay_over(moving, back, still.shape), still, mask)
        if known.sum() < 12:
            break
        rows, columns = np.nonzero(known)
        at = (np.column_stack([columns, rows]) + 2) * SPACING - 0.5
        found = np.clip(np.column_stack([dx[known], dy[known]]), -4, 4)
        step, left_over = _similarity_of(at.astype(float), found.astype(float))
        better = np.column_stack(
            [back[:, :2] @ (np.eye(2) + step[:, :2]), back[:, :2] @ step[:, 2] + back[:, 2]]
        )
        if not (np.isfinite(better).all() and _SCALES[0] < scale_of(better) < _SCALES[1]):
            break
        back = better
        moved = np.abs(corners @ step[:, :2].T + step[:, 2]).max()
        if moved < 0.03 or (turn >= 1 and left_over > 1):
            break
    return back, left_over


def _similarity_of(at: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, float]:
    """((2, 3), the small similarity that moves points `at` (k, 2) by about `moved` (k, 2); the median left).

    Least squares repeated with Cauchy weights, so that a caption or a changed part pulls little.
    """
    weight = np.ones(len(at))
    fit = np.zeros((2, 3))
    middle = 0.0
    for _ in range(5):
        total = float(weight.sum())
        centre, mean = weight @ at / total, weight @ moved / total
        x, u = (at - centre).T, (moved - mean).T
        pull = x * weight
        spread = float(pull[0] @ x[0] + pull[1] @ x[1]) + 1e-6
        a = float(pull[0] @ u[0] + pull[1] @ u[1]) / spread
        b = float(pull[0] @ u[1] - pull[1] @ u[0]) / spread
        turn = np.array([[a, -b], [b, a]])
        fit = np.column_stack([turn, mean - turn @ centre])
        off = np.hypot(*(u - turn @ x))
        middle = middle_of(off)
        weight = 1 / (1 + (off / max(0.05, 1.5 * middle)) ** 2)
    return fit, middle


def _find_points(sheet: Sheet) -> None:
    if sheet.points is not None:
        return
    import cv2

    finder = cv2.ORB_create(  # type: ignore[attr-defined]  # The stubs of OpenCV 5 leave it out.
        _KEYPOINTS, 1.2, 6, fastThreshold=8
    )
    found, sheet.descriptors = finder.detectAndCompute(sheet.grey, None)
    sheet.points = np.array([point.pt for point in found], dtype=np.float32).reshape(-1, 2)
