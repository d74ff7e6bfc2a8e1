/** A colour for each calendar of a person: Google's own, unless another calendar of the list looks like it. */

const SPARE = [
  "#0f6d78", "#e67c73", "#7986cb", "#f6bf26", "#0b8043", "#8e24aa", "#039be5", "#f4511e", "#33b679", "#ad1457", "#795548", "#616161",
];
const ALIKE = 0.08;

/** The calendars, each with the `color` that it is shown in. A calendar that cannot be told apart gets a spare colour. */
export function colored(calendars) {
  const taken = [];
  return calendars.map((calendar) => {
    const own = calendar.background_color;
    // Of more calendars than there are colours, those that stand together differ.
    const near = taken.slice(1 - SPARE.length);
    const color = /^#[0-9a-f]{6}$/i.test(own) && apart(own, near) >= ALIKE ? own : farthest(near);
    taken.push(color);
    return { ...calendar, color };
  });
}

const farthest = (others) => SPARE.reduce((best, color) => (apart(color, others) > apart(best, others) ? color : best));
const apart = (color, others) => Math.min(...others.map((other) => Math.hypot(...minus(oklab(color), oklab(other)))));
const minus = (one, other) => one.map((value, at) => value - other[at]);

/** Lightness and two opponents, in which distance is how different colours look (Björn Ottosson's OKLab). */
function oklab(color) {
  const [red, green, blue] = linear(color);
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const medium = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
  ];
}

/** Red, green and blue as amounts of light, from 0 to 1. */
export const linear = (color) =>
  [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
