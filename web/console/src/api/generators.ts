import type { GeneratorSettings, Generators, GeneratorUsage } from '../../../shared/generators';
import { get, put } from './http';

export function readGenerators(): Promise<Generators> {
  return get('/generators');
}

export function changeGenerators(settings: GeneratorSettings): Promise<Generators> {
  return put('/generators', settings);
}

export function readGeneratorUsage(): Promise<GeneratorUsage> {
  return get('/generators/usage');
}
