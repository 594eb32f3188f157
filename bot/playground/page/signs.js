// The signs that netcheck's own vocabulary uses, drawn here: a machine without an emoji font shows them all the same.

const SPACE = "http://www.w3.org/2000/svg";
const ring = "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19Z";
const box = "M6 2.5h12A3.5 3.5 0 0 1 21.5 6v12a3.5 3.5 0 0 1-3.5 3.5H6A3.5 3.5 0 0 1 2.5 18V6A3.5 3.5 0 0 1 6 2.5Z";
const glass = "M7 3h10M7 21h10M8 3c0 5 4 6 4 9s-4 4-4 9M16 3c0 5-4 6-4 9s4 4 4 9";

// name: [colour, filled outline or null, lines on it]
const SIGNS = {
  white_check_mark: ["good", box, "m7 12.5 3.5 3.5L17 8.5"],
  heavy_check_mark: ["good", null, "m5 12.5 5 5L19.5 7"],
  x: ["bad", box, "m8 8 8 8m0-8-8 8"],
  warning: ["warn", "M12 2.5 22.5 21h-21Z", "M12 9.5v5m0 3v.2"],
  rotating_light: ["bad", "M5 20.5h14v-2H5Zm2-3v-5a5 5 0 0 1 10 0v5Z", "M12 2v2.2M4.5 5 6 6.5M19.5 5 18 6.5"],
  no_entry: ["bad", ring, "M7 12h10"],
  octagonal_sign: ["bad", "M8 2.5h8l5.5 5.5v8L16 21.5H8L2.5 16V8Z", "M8 12h8"],
  grey_question: ["grey", ring, "M9 9.5a3 3 0 1 1 4.4 2.6c-1 .6-1.4 1-1.4 2m0 2.8v.2"],
  question: ["bad", ring, "M9 9.5a3 3 0 1 1 4.4 2.6c-1 .6-1.4 1-1.4 2m0 2.8v.2"],
  information_source: ["info", box, "M12 11v6m0-9.5v.2"],
  fast_forward: ["info", box, "m7 8 4.5 4L7 16m5.5-8 4.5 4-4.5 4"],
  arrow_forward: ["info", box, "m9.5 7.5 6 4.5-6 4.5Z"],
  raising_hand: ["warn", ring, "M8.5 13V9m2.3 3V7m2.4 5V7m2.3 5V9v5c0 2.5-1.5 3.7-3.6 3.7-1.8 0-2.9-.9-3.9-2.9"],
  hourglass_flowing_sand: ["thin", null, glass],
  hourglass: ["thin", null, glass],
  stopwatch: ["thin", null, "M12 6a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15Zm0 3.5v4l2.5 1.5M10 2.5h4"],
  white_circle: ["thin", null, ring],
  black_circle: ["ink", ring, ""],
  red_circle: ["bad", ring, ""],
  large_green_circle: ["good", ring, ""],
  large_yellow_circle: ["warn", ring, ""],
  large_orange_circle: ["warn", ring, ""],
  large_blue_circle: ["info", ring, ""],
  large_green_square: ["good", box, ""],
  large_yellow_square: ["warn", box, ""],
  large_orange_square: ["warn", box, ""],
  large_red_square: ["bad", box, ""],
  white_large_square: ["thin", null, box],
  wrench: ["thin", null, "M20 6.5a5 5 0 0 1-6.6 6L7 19a2.1 2.1 0 0 1-3-3l6.5-6.4a5 5 0 0 1 6-6.6L13.5 6 18 10.5Z"],
  bulb: ["warn", "M12 2.5a6.5 6.5 0 0 0-4 11.6V17h8v-2.9a6.5 6.5 0 0 0-4-11.6Z", "M9.5 20.5h5"],
  mag: ["thin", null, "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm5 11.5L21 21"],
  memo: ["thin", null, "M5 3h11l3 3v15H5Zm3.5 6h7m-7 4h7m-7 4h4"],
  page_facing_up: ["thin", null, "M6 2.5h8l4.5 4.5v14.5H6ZM14 2.5V7h4.5M9 12h6m-6 4h6"],
  lock: ["thin", null, "M5 11h14v10H5Zm3 0V7.5a4 4 0 0 1 8 0V11"],
  arrow_right: ["info", box, "M7 12h10m-4-4 4 4-4 4"],
  link: ["thin", null, "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1 1m1.7 3.3a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1-1"],
};

function path(d, kind) {
  const made = document.createElementNS(SPACE, "path");
  made.setAttribute("d", d);
  made.setAttribute("class", kind);
  return made;
}

// The drawing of `name`, or null when there is none. `label` "" makes it decoration only.
export function sign(name, label = name.replaceAll("_", " ")) {
  const known = SIGNS[name];
  if (!known) return null;
  const [colour, outline, lines] = known;
  const made = document.createElementNS(SPACE, "svg");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("class", `drawn ${colour}`);
  if (label) {
    made.setAttribute("role", "img");
    made.setAttribute("aria-label", label);
  } else made.setAttribute("aria-hidden", "true");
  if (outline) made.append(path(outline, "outline"));
  if (lines) made.append(path(lines, "lines"));
  return made;
}
