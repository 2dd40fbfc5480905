// A PNG with so many colours; in and out as base64.
import UPNG from 'upng-js';

window.fewerColours = async (coded, colours) => {
  const picture = UPNG.decode(bytesOf(coded));
  const made = new Uint8Array(UPNG.encode([UPNG.toRGBA8(picture)[0]], picture.width, picture.height, colours));
  const parts = Array.from({ length: Math.ceil(made.length / 8192) }, (_, n) => made.subarray(8192 * n, 8192 * (n + 1)));
  return btoa(parts.map((part) => String.fromCharCode(...part)).join(''));
};

const bytesOf = (coded) => Uint8Array.from(atob(coded), (one) => one.charCodeAt(0)).buffer;
