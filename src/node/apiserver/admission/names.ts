// Names that the server makes.

/** Five characters from the alphabet of apimachinery's rand.String. It has no vowels, so that the suffix is no word. */
export const randomSuffix = (): string => {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from({ length: 5 }, () => alphabet[Math.floor(Math.random() * alphabet.length)]).join('');
};
