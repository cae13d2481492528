import { InputError, type ModelFiles } from '@saeval/hub'
import { loadTokenizer, type Tokenizer, type TokenizerFiles } from './tokenizer.js'

/** Loads the tokenizer among a model's files. Throws InputError where there is no tokenizer.json, or one that cannot be used. */
export async function openTokenizer(
  files: ModelFiles,
  rules: Pick<TokenizerFiles, 'modelType' | 'addBosToken'>,
): Promise<Tokenizer> {
  return loadTokenizer({ ...(await tokenizerFilesOf(files)), ...rules })
}

/** Paths of the files that make a tokenizer. Throws InputError where there is no tokenizer.json. */
export async function tokenizerFilesOf(files: ModelFiles): Promise<Omit<TokenizerFiles, 'modelType' | 'addBosToken'>> {
  const tokenizerJson = await files.pathIfPresent('tokenizer.json')
  if (tokenizerJson === null)
    throw new InputError(
      `${files.name} has no tokenizer.json; save its tokenizer in the fast format first (transformers: AutoTokenizer.from_pretrained(…).save_pretrained(…))`,
    )
  return {
    tokenizerJson,
    tokenizerConfig: await files.pathIfPresent('tokenizer_config.json'),
    specialTokensMap: await files.pathIfPresent('special_tokens_map.json'),
    chatTemplate: await files.pathIfPresent('chat_template.jinja'),
  }
}
