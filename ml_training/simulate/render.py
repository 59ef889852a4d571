"""Drawing a portrait with another expression (OpenGL through EGL; Mesa's llvmpipe will do)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import cv2
import moderngl
import numpy as np
from scipy.spatial import cKDTree

from ml_training.simulate.eyes import IRIS_CENTRES, lid_texels, paint_eyeballs
from ml_training.simulate.facemodel import FaceModel
from ml_training.simulate.fit import MESH_OF_LANDMARK, Fit

VERTEX_SHADER = """#version 330
in vec3 place; in vec3 now; in vec3 before; in vec2 texel; in vec3 colour; in float textured; in float lit;
uniform vec2 size;
out vec2 v_texel; out vec3 v_colour; out float v_textured; out vec3 v_now; out vec3 v_before; out float v_lit;
void main() {
  gl_Position = vec4(place.xy / size * 2 - 1, -place.z / 3000., 1);
  v_texel = texel; v_colour = colour; v_textured = textured; v_now = now; v_before = before; v_lit = lit;
}"""
FRAGMENT_SHADER = """#version 330
in vec2 v_texel; in vec3 v_colour; in float v_textured; in vec3 v_now; in vec3 v_before; in float v_lit;
uniform sampler2D portrait; uniform vec3 light;
out vec4 colour;
float shade(vec3 n) { return .5 + .5 * max(dot(normalize(n), light), 0.); }
void main() {
  float ratio = mix(1., clamp(shade(v_now) / shade(v_before), .7, 1.35), .8);
  vec3 skin = texture(portrait, v_texel).rgb * ratio;
  colour = vec4(v_textured > .5 ? skin : v_colour * shade(v_now) * v_lit, 1);
}"""
"""Skin is the portrait's own, relit by the ratio of the new to the old shading, which gives folds; the mouth's
inside is shaded."""
ATTRIBUTES = ("3f 3f 3f 2f 3f 1f 1f", "place", "now", "before", "texel", "colour", "textured", "lit")
GUMS, TEETH, SOCKET = (0.62, 0.30, 0.30), (1.0, 0.94, 0.85), (0.35, 0.12, 0.12)
LIP_MIDDLE, EYE_OUTER, MOUTH_CORNERS, LIPS = (62, 66), (36, 45), (48, 54), range(48, 60)
"""Multi-PIE landmarks, counted from 0: middle of the inner lips, outer corners of the eyes, oral commissures, outer
lips."""
EYE_DEPTH = 0.35
"""cm"""
MOLAR_DEPTH, MOLAR_ASIDE, SHADOW = (0.22, 0.45), (0.5, 0.9), (0.17, 0.07, 0.07)
"""Teeth fade into the mouth's shadow between these depths, and these shares of the mouth's half width, or the
side rows of an open mouth look like fangs."""
FRONTAL_LIGHT = (0.0, 0.37, 0.93)
CHEEKS = (50, 280)
"""Mesh indices of both cheeks, where the skin's brightness is read."""


@dataclass(frozen=True)
class Subject:
    """A portrait ready to be moved.

    image: RGB uint8 (h, w, 3). points: (478, 3) px. colour: (V, 3) shade of what no portrait shows. textured: (V,)
    bool, what the portrait does show. texel: (V, 2) px, where. nearest: (478,) vertex of the skin next to each point.
    """

    image: np.ndarray
    points: np.ndarray
    fit: Fit
    shape: np.ndarray
    before: np.ndarray
    before_normals: np.ndarray
    colour: np.ndarray
    textured: np.ndarray
    texel: np.ndarray
    nearest: np.ndarray
    brightness: float

    @property
    def face_width(self) -> float:
        """Of the outline, px."""
        return float(np.ptp(self.points[:, 0]))

    def carried(self, now: np.ndarray, which: Sequence[int]) -> np.ndarray:
        """(N, 2) px: where the points `which` of the mesh go when the vertices (V, 3) go from rest to `now`."""
        vertex = self.nearest[list(which)]
        return np.asarray(self.points[list(which), :2] + (now - self.before)[vertex, :2] * [1, -1])


def place(shape: np.ndarray, fit: Fit) -> np.ndarray:
    """Vertices (V, 3) in the image: px, y up, z towards the camera."""
    return (fit.scale * (shape @ fit.rotation.T) + fit.translation).astype(np.float32)


def _step(value: np.ndarray, start: float, end: float) -> np.ndarray:
    """0 up to `start`, 1 from `end` on, smooth between."""
    x = np.clip((value - start) / (end - start), 0, 1)
    return x * x * (3 - 2 * x)


def random_light(rng: np.random.Generator) -> tuple[float, float, float]:
    """A unit vector towards a light in front of the face and above it."""
    light = np.array([rng.uniform(-0.4, 0.4), rng.uniform(0.2, 0.7), 1.0])
    x, y, z = light / np.linalg.norm(light)
    return float(x), float(y), float(z)


def subject(model: FaceModel, image: np.ndarray, points: np.ndarray, fitted: Fit) -> Subject:
    """Prepare a portrait: its own shape, its texture's coordinates, its brightness."""
    shape = model.neutral + np.tensordot(fitted.identity, model.identity, 1).astype(np.float32)
    before = place(shape + model.offsets(fitted.expression), fitted)
    height, width = image.shape[:2]
    x, y = (
        np.clip(points[list(CHEEKS), i], 0, limit - 1).astype(int) for i, limit in ((0, width), (1, height))
    )
    brightness = 0.5 + 0.5 * float(image[y, x].mean()) / 255
    colour = np.zeros((len(shape), 3), np.float32)
    for where, tone in ((model.gums, GUMS), (model.teeth, TEETH), (model.socket, SOCKET)):
        colour[where] = np.array(tone) * brightness
    textured = model.textured.copy()
    paint_eyeballs(model, image, points, before, colour, textured)
    skin = np.flatnonzero(model.textured & ~model.eyes.any(0))
    nearest = skin[cKDTree(before[skin, :2] * [1, -1]).query(points[:, :2])[1]]
    nearest[list(IRIS_CENTRES)] = model.poles
    nearest[MESH_OF_LANDMARK] = model.landmarks
    texel = lid_texels(model, before, points)
    return Subject(
        image,
        points,
        fitted,
        shape,
        before,
        model.normals(before),
        colour,
        textured,
        texel,
        nearest,
        brightness,
    )


class Renderer:
    """One OpenGL context and the face model's triangles. Use as a context manager."""

    def __init__(self, model: FaceModel) -> None:
        self.model = model
        options: Any = {"backend": "egl"}
        self.gl = moderngl.create_standalone_context(**options)
        self.program = self.gl.program(VERTEX_SHADER, FRAGMENT_SHADER)
        self.triangles = self.gl.buffer(model.triangles.tobytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.gl.release()

    def moved(self, person: Subject, weights: np.ndarray) -> np.ndarray:
        """Vertices (V, 3), px, y up, of the person with the expression `weights` (U,).

        Fitted identities bring the eyeballs through closed lids; they are drawn from farther back.
        """
        now = place(person.shape + self.model.offsets(weights), person.fit)
        now[self.model.eyes.any(0), 2] -= EYE_DEPTH * person.fit.scale
        return now

    def draw(
        self,
        person: Subject,
        weights: np.ndarray,
        light: tuple[float, float, float] = FRONTAL_LIGHT,
        supersample: int = 1,
    ) -> np.ndarray:
        """The portrait with the expression `weights` (U,), RGB uint8 of the portrait's own shape."""
        height, width = person.image.shape[:2]
        now = self.moved(person, weights)
        self.program["light"] = light
        face = self._rasterise(
            person, self._vertices(person, now), (width * supersample, height * supersample)
        )
        face = cv2.resize(face, (width, height), interpolation=cv2.INTER_AREA)
        alpha = face[..., 3:] / np.float32(255)
        inner = cv2.GaussianBlur(cv2.erode(alpha, np.ones((3, 3))), (0, 0), 1.0)[..., None] * (alpha > 0)
        colour = face[..., :3] / np.maximum(alpha, 1e-3)
        behind = self._behind(person, now)
        return np.clip(colour * inner + behind * (1 - inner), 0, 255).astype(np.uint8)

    def _behind(self, person: Subject, now: np.ndarray) -> np.ndarray:
        """The portrait, dark behind the lips: there, gaps of the mesh would show the cheek that was."""
        behind = person.image.copy()
        lips = now[self.model.landmarks[list(LIPS)], :2] * [1, -1]
        shadow = 255 * person.brightness * np.array(SHADOW)
        cv2.fillPoly(behind, [np.round(lips).astype(np.int32)], shadow.tolist())
        return behind

    def _vertices(self, person: Subject, now: np.ndarray) -> bytes:
        """Vertex attributes; deep in the mouth and at its corners (the buccal corridors) there is little light."""
        model, (height, width) = self.model, person.image.shape[:2]
        down = np.array([1, -1, 1], np.float32)
        lip = now[model.landmarks[list(LIP_MIDDLE)], 2].mean()
        a, b = now[model.landmarks[list(EYE_OUTER)]]
        depth = np.clip((lip - now[:, 2]) / (0.55 * float(np.linalg.norm(a - b))), 0, 1)
        lit = 1 - np.where(model.teeth, 0.35, 0.8) * depth
        corners = now[model.landmarks[list(MOUTH_CORNERS)], 0]
        aside = np.abs(now[:, 0] - corners.mean()) / (np.ptp(corners) / 2)
        hidden = np.maximum(_step(depth, *MOLAR_DEPTH), _step(aside, *MOLAR_ASIDE))
        hidden = np.where(model.teeth, hidden, 0)[:, None]
        colour = person.colour * (1 - hidden) + np.array(SHADOW) * person.brightness * hidden
        texel = person.texel / [width, height]
        columns = [now * down, model.normals(now), person.before_normals, texel, colour]
        columns += [person.textured[:, None], lit[:, None]]
        return np.concatenate(columns, 1).astype(np.float32).tobytes()

    def _rasterise(self, person: Subject, vertices: bytes, size: tuple[int, int]) -> np.ndarray:
        gl, (height, width) = self.gl, person.image.shape[:2]
        texture = gl.texture((width, height), 3, np.ascontiguousarray(person.image).tobytes(), alignment=1)
        texture.build_mipmaps()
        texture.use(0)
        colour, depth = gl.renderbuffer(size, 4), gl.depth_renderbuffer(size)
        target = gl.framebuffer([colour], depth)
        target.use()
        gl.clear(0, 0, 0, 0)
        gl.enable(moderngl.DEPTH_TEST)
        buffer = gl.buffer(vertices)
        array = gl.vertex_array(self.program, [(buffer, *ATTRIBUTES)], self.triangles)
        self.program["size"] = (float(width), float(height))
        array.render()
        pixels = np.frombuffer(target.read(components=4, alignment=1), np.uint8)
        for thing in (array, buffer, target, colour, depth, texture):
            thing.release()
        return pixels.reshape(size[1], size[0], 4)
