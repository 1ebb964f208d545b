/** Whether there is somebody who can be asked: questions go to the standard error, answers come from the standard input. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && !process.env['CI'];
}
