/** Shows an event, given as JSON text, through a view; or says that it is too long. */
export type Show = (json: string, view: (json: string) => unknown) => unknown;

/** UTF-16 units of one value that is shown, and of all. */
const shownLength = 8_192;
const allShownLength = 256_000;
const viewedLength = 131_072;

/** For one answer: what is shown of everything in it is bounded. */
export function createShow(): Show {
  let room = allShownLength;
  return (json, view) => {
    // To mask it, all of it has to be read.
    if (json.length > viewedLength) return { omitted: `${json.length} characters` };
    const value = view(json);
    const text = JSON.stringify(value);
    if (text.length > room) return { omitted: `${text.length} characters` };
    if (text.length > shownLength) {
      room -= shownLength;
      return { cut: text.slice(0, shownLength), characters: text.length };
    }
    room -= text.length;
    return value;
  };
}
