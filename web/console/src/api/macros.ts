import type { Macro, MacroBody } from '../../../shared/macros';
import { del, get, post, put } from './http';

/** By title. */
export async function listMacros(): Promise<Macro[]> {
  return (await get<{ macros: Macro[] }>('/macros')).macros;
}

export async function createMacro(body: MacroBody): Promise<Macro> {
  return (await post<{ macro: Macro }>('/macros', body)).macro;
}

export async function changeMacro(id: string, body: MacroBody): Promise<Macro> {
  return (await put<{ macro: Macro }>(`/macros/${id}`, body)).macro;
}

export function deleteMacro(id: string): Promise<unknown> {
  return del<unknown>(`/macros/${id}`);
}

/** Its text for a conversation. Refused with `missing_variable` where something is not known. */
export async function fillMacro(id: string, conversationId: string): Promise<string> {
  return (await post<{ text: string }>(`/macros/${id}/fill`, { conversation_id: conversationId })).text;
}
