import { type CompletedCommand, modelKeys } from './completed-commands.js'

/** The completion of bash, to be sourced. Of words with commas the last part is completed, of name=value the value. */
export function bashCompletion(commands: readonly CompletedCommand[], models: readonly string[]): string {
  const cases = commands.flatMap(({ name, options, words }) => [
    `    ${name},) words=${quoted(words)} ;;`,
    ...options
      .filter(({ takes }) => takes !== 'none')
      .map(
        ({ flags, takes, words }) =>
          `    ${flags.map((flag) => `${name},${flag}`).join('|')}) takes=${takes} words=${quoted(words)} ;;`,
      ),
  ])
  const flags = commands.map(
    ({ name, options }) => `    ${name}) flags=${quoted(options.flatMap((option) => option.flags))} ;;`,
  )
  return `# bash completion of saeval, made by "saeval completion bash"
_saeval() {
  local cur=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at=$COMP_CWORD
  local commands=${quoted(commands.map(({ name }) => name))} command=\${COMP_WORDS[1]} option= given=0 i
  # bash makes a word of each "="
  if [[ $cur == "=" ]]; then cur= before="=" at=$((COMP_CWORD + 1)); fi
  if [[ $COMP_CWORD == 1 && $cur != -* ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$cur"))
    return
  fi
  [[ $command == -* ]] && command=run
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      -*) option=\${COMP_WORDS[i]} given=0 ;;
      =) [[ \${COMP_WORDS[i-1]} == -* ]] || given=$((given + 1)) ;;
      *) given=$((given + 1)) ;;
    esac
  done
  local takes=none words= flags=
  case $command,$option in
${cases.join('\n')}
  esac
  if [[ $option && ( $takes == none || ( $takes != many && $given -gt 0 ) ) ]]; then
    option=
    case $command, in
${cases.filter((line) => /^ {4}[\w-]+,\)/.test(line)).join('\n')}
    esac
  fi
  if [[ $cur == -* && ( -z $option || $takes == many || $takes == maybe ) ]]; then
    case $command in
${flags.join('\n')}
    esac
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    return
  fi
  if [[ $before == "=" && \${COMP_WORDS[at-2]} != -* ]]; then
    local key=\${COMP_WORDS[at-2]}
    case \${key##*,} in
      ${modelKeys.join('|')}) words=${quoted(models)} ;;
      *) words= ;;
    esac
  fi
  [[ $words ]] || return
  COMPREPLY=($(compgen -P "\${cur%"\${cur##*,}"}" -W "$words" -- "\${cur##*,}"))
  [[ \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -o default -F _saeval saeval
`
}

function quoted(words: readonly string[]): string {
  return `'${words.join(' ').replaceAll("'", "'\\''")}'`
}
