import { killDuringApply } from './apply-kills.ts';

/** `npm run test:crash:apply [-- --kills 50]`; the last line is `N passed, N failed`. */
const place = process.argv.indexOf('--kills');
const kills = place < 0 ? 50 : Number(process.argv[place + 1]);
const { between, ...counts } = await killDuringApply({ kills, rules: 200 });
console.log(JSON.stringify({ kills, ...counts, between: between.length }));
for (const line of between) console.log(line);
const passed = between.length === 0;
console.log(passed ? '1 passed, 0 failed' : '0 passed, 1 failed');
process.exitCode = passed ? 0 : 1;
