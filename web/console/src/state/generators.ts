import type { Generators, GeneratorUsage } from '../../../shared/generators';
import { changeGenerators, readGenerators, readGeneratorUsage } from '../api/generators';
import { Loaded } from './loaded';
import { toast } from './toasts';

/** Whether text generators write drafts, and who they are. */
export const generators = new Loaded<Generators>();
/** What they cost. */
export const generatorUsage = new Loaded<GeneratorUsage>();

export async function loadGenerators(): Promise<void> {
  await Promise.all([generators.load(readGenerators), generatorUsage.load(readGeneratorUsage)]);
}

export function leaveGenerators(): void {
  generators.value.value = null;
  generatorUsage.value.value = null;
}

/** Throws what the form shows. */
export async function saveGenerators(isOn: boolean, budget: string): Promise<void> {
  const microDollars = microDollarsOf(budget);
  if (microDollars === null) throw new Error('The budget is a number of dollars, at most a million: 25 or 12.50.');
  const saved = await changeGenerators({ is_on: isOn, monthly_budget_micro_dollars: microDollars });
  generators.value.value = saved;
  void generatorUsage.load(readGeneratorUsage);
  toast(saved.settings.is_on ? 'Generators write drafts now' : 'Generators are switched off');
}

/** `12.50` as millionths of a dollar; null for what is no amount, or more than a million. */
export function microDollarsOf(text: string): number | null {
  if (!/^\d{1,7}([.,]\d{1,6})?$/.test(text.trim())) return null;
  const microDollars = Math.round(Number(text.trim().replace(',', '.')) * 1_000_000);
  return microDollars <= 1_000_000_000_000 ? microDollars : null;
}

/** `$12.50`; with more digits below a cent, where that is all there is. */
export function dollars(microDollars: number): string {
  const isSmall = microDollars > 0 && microDollars < 10_000;
  const digits = isSmall ? 6 : 2;
  return new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(microDollars / 1_000_000);
}
