declare module 'workerd' {
  /** Path of the workerd binary. */
  const path: string;
  export default path;
}
