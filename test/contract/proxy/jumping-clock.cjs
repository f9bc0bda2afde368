// Preload for a program: shifts its wall clock by the seconds in the file TEST_CLOCK. Each call reads the file again.
const { readFileSync } = require('node:fs');

const RealDate = Date;
const offsetMs = () => {
  try {
    return Number(readFileSync(process.env.TEST_CLOCK, 'utf8')) * 1000;
  } catch {
    return 0;
  }
};
const now = () => RealDate.now() + offsetMs();

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(now());
    else super(...parts);
  }

  static now() {
    return now();
  }
};
