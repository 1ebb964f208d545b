declare module 'workerd' {
  /** A CommonJS module with a `default` of its own: the path of the workerd binary. */
  const workerd: { readonly default: string };
  export default workerd;
}
