import { type CompletedCommand, modelKeys } from './completed-commands.js'

/** The completion of zsh, to be sourced or put as _saeval into a folder of fpath. */
export function zshCompletion(commands: readonly CompletedCommand[], models: readonly string[]): string {
  const positional = commands.map(({ name, words }) => `    ${name}) values=(${list(words)}) ;;`)
  const valued = commands.flatMap(({ name, options }) =>
    options
      .filter(({ takes }) => takes !== 'none')
      .map(
        ({ flags, takes, words }) =>
          `    ${flags.map((flag) => `${name},${flag}`).join('|')}) takes=${takes}; values=(${list(words)}) ;;`,
      ),
  )
  const flags = commands.map(
    ({ name, options }) =>
      `    ${name}) flags=(${list(
        options.flatMap((option) => option.flags.map((flag) => described(flag, option.description))),
      )}) ;;`,
  )
  return `#compdef saeval
# zsh completion of saeval, made by "saeval completion zsh"
_saeval() {
  local cur=$words[CURRENT] command=$words[2] option= takes=none word
  local -i given=0 i
  local -a values flags commands
  commands=(${list(commands.map(({ name, description }) => described(name, description)))})
  if (( CURRENT == 2 )) && [[ $cur != -* ]]; then
    _describe command commands
    return
  fi
  [[ $command == -* ]] && command=run
  for (( i = 2; i < CURRENT; i++ )); do
    word=$words[i]
    if [[ $word == -* ]]; then option=$word given=0; else (( given++ )); fi
  done
  case $command,$option in
${valued.join('\n')}
  esac
  if [[ $takes == none ]] || { [[ $takes != many ]] && (( given > 0 )) }; then
    option= takes=none
    case $command in
${positional.join('\n')}
    esac
  fi
  if [[ $cur == -* && $takes != one ]]; then
    case $command in
${flags.join('\n')}
    esac
    _describe -o option flags
    return
  fi
  if [[ $cur == *=* && $cur != -* ]]; then
    local key=\${\${cur%=*}##*[,=]}
    compset -P '*='
    case $key in
      ${modelKeys.join('|')}) values=(${list(models)}) ;;
      *) values=() ;;
    esac
  fi
  if (( ! $#values )); then
    _files
    return
  fi
  compset -P '*,'
  if [[ $values[1] == *= ]]; then compadd -S '' -- $values; else compadd -- $values; fi
}
if [[ $funcstack[1] == _saeval ]]; then _saeval "$@"; else compdef _saeval saeval; fi
`
}

function list(words: readonly string[]): string {
  return words.map((word) => (/^[\w./=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}

function described(name: string, description: string): string {
  return `${name.replaceAll(':', '\\:')}:${description}`
}
