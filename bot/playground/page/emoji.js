// Short names that netcheck and its users write. A name that is not here is shown as it was written.

export const EMOJI = {
  "+1": "👍", "-1": "👎", adhesive_bandage: "🩹", alarm_clock: "⏰", arrow_forward: "▶️", arrow_right: "➡️", arrows_counterclockwise: "🔄",
  ballot_box_with_check: "☑️", bar_chart: "📊", bell: "🔔", black_circle: "⚫", black_square_for_stop: "⏹️", blue_book: "📘", book: "📖",
  bookmark_tabs: "📑", bulb: "💡", bust_in_silhouette: "👤", busts_in_silhouette: "👥", clipboard: "📋", closed_lock_with_key: "🔐",
  double_vertical_bar: "⏸️", exclamation: "❗", eyes: "👀", fast_forward: "⏩", fire: "🔥", gear: "⚙️", green_circle: "🟢", grey_exclamation: "❕",
  grey_question: "❔", hammer_and_wrench: "🛠️", heavy_check_mark: "✔️", heavy_minus_sign: "➖", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", information_source: "ℹ️", key: "🔑", large_blue_circle: "🔵", large_green_circle: "🟢",
  large_green_square: "🟩", large_orange_circle: "🟠", large_orange_square: "🟧", large_red_square: "🟥",
  large_yellow_circle: "🟡", large_yellow_square: "🟨", link: "🔗", lock: "🔒", mag: "🔍", mag_right: "🔎", memo: "📝", no_entry: "⛔",
  no_entry_sign: "🚫", octagonal_sign: "🛑", ok_hand: "👌", open_book: "📖", page_facing_up: "📄", paperclip: "📎", point_right: "👉", pushpin: "📌",
  question: "❓", raised_hand: "✋", raising_hand: "🙋", red_circle: "🔴", repeat: "🔁", rotating_light: "🚨", satellite_antenna: "📡",
  scroll: "📜", shield: "🛡️", siren: "🚨", sos: "🆘", speech_balloon: "💬", stop_button: "⏹️", stopwatch: "⏱️", tada: "🎉", thumbsup: "👍",
  thumbsdown: "👎", toolbox: "🧰", warning: "⚠️", wave: "👋", white_check_mark: "✅", white_circle: "⚪", white_large_square: "⬜",
  wrench: "🔧", x: "❌", zap: "⚡",
};
