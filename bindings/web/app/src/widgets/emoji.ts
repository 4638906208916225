/** The emoji that are offered. Any other can be typed. */
export const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🙏', '🐘'] as const;

export const EMOJI = [
  '😀 😄 😁 😅 🤣 😂 🙂 😉 😊 😇 🥰 😍 😘 😋 😜 🤪 🤗 🤭 🤫 🤔 😐 😏 🙄 😬 😌 😔 😴 🤒 🥳 😎 🤓 😕 😟 😮 😳 🥺 😢 😭 😱 😤 😡 🤯',
  '👍 👎 👌 ✌️ 🤞 🤟 👋 🙌 👏 🤝 🙏 💪 👀 🫶 👉 👈 ☝️ 🫡 🤷 🤦',
  '❤️ 🧡 💛 💚 💙 💜 🖤 🤍 💔 💕 💯 ✨ 🔥 ⭐ 🎉 🎂 🎁 🏆 ✅ ❌ ❓ ❗ 💡 🔒 🔔 ⏰ 📅 📎 📷 🎵',
  '🐘 🦒 🦓 🦁 🐒 🐶 🐱 🐭 🐻 🐼 🦊 🐸 🐢 🐝 🦋 🐳 🐙 🌳 🌻 🌹 🍀 🌍 ☀️ 🌙 🌈 ⛈️ ❄️ 🌊',
  '☕ 🍵 🍺 🍷 🥤 🍕 🍔 🍟 🥗 🍣 🍜 🍞 🧀 🍎 🍌 🍓 🥑 🍰 🍫 🍿 🚗 🚲 🚆 ✈️ 🏠 🏖️ 🏔️ ⚽ 🎮 📚',
].map((line) => line.split(' '));

/** One emoji, as a person sees one; not text, and not two. */
export function asEmoji(text: string): string | undefined {
  const trimmed = text.trim();
  if (!/\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(trimmed)) return undefined;
  return [...new Intl.Segmenter().segment(trimmed)].length === 1 ? trimmed : undefined;
}
