import { toProblemResponse } from '../../mesh/problem.ts';
import { type HttpEvent, type HttpResult, toRequest, toResult } from './http-event.ts';
import { createAwsMesh } from './mesh.ts';

const mesh = createAwsMesh(process.env);

/** An HTTP API or a function URL, payload format 2.0. */
export async function handler(event: HttpEvent): Promise<HttpResult> {
  try {
    const result = await toResult(await mesh.fetch(toRequest(event)));
    await mesh.settled();
    return result;
  } catch (error) {
    return toResult(toProblemResponse(error));
  }
}
