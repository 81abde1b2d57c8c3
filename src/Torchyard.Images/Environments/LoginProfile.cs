using System.Text;

namespace Torchyard.Images.Environments;

/// <summary>
/// What logins get beyond Debian's: the variables of the image, which a login shell, su(1) and an empty environment do not have. The
/// shell's part is <c>/etc/profile.d/torchyard.sh</c>, that of PAM (pam_env(8)) <c>/etc/environment</c>.
/// </summary>
internal static class LoginProfile
{
    /// <summary>Where the machine's GPU programs such as nvidia-smi are mounted.</summary>
    private const string GpuPrograms = "/usr/local/nvidia/bin";

    /// <summary>The script that login shells read.</summary>
    /// <param name="variables">Variables of the image.</param>
    public static string Shell(IReadOnlyDictionary<string, string> variables)
    {
        var text = new StringBuilder(
            """
            # Debian's /etc/profile sets a PATH of its own: a login gets back the container's, where sshd tells it, else the image's.
            PATH=${TORCHYARD_PATH:-@PATH@}
            if [ -d @GPU@ ]; then
                case ":$PATH:" in
                    *:@GPU@:*) ;;
                    *) PATH=$PATH:@GPU@ ;;
                esac
            fi
            export PATH
            # Debian's ~/.profile puts $HOME/bin first, which is /bin where an empty environment has no HOME.
            if [ -z "${HOME:-}" ]; then
                HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
                export HOME
            fi

            """
        ).Replace("${TORCHYARD_PATH:-@PATH@}", "${TORCHYARD_PATH:-" + Quote(variables["PATH"]) + "}").Replace("@GPU@", GpuPrograms);
        foreach (var (name, value) in variables.Where(variable => variable.Key != "PATH" && IsName(variable.Key)))
        {
            text.Append("[ -n \"${").Append(name).Append("+set}\" ] || export ").Append(name).Append('=').Append(Quote(value)).Append('\n');
        }

        return text.Append(
                """
                if [ -n "${SSH_CONNECTION:-}" ] && [ "$PWD" = "$HOME" ] && [ -d /workspace ]; then
                    cd /workspace
                fi

                """
            )
            .ToString();
    }

    /// <summary>The file that PAM reads.</summary>
    /// <param name="variables">Variables of the image.</param>
    public static string Environment(IReadOnlyDictionary<string, string> variables)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in variables)
        {
            // pam_env has no escapes.
            if (IsName(name) && !value.Any(c => char.IsControl(c) || c is '"' or '\'' or '#' or '\\'))
            {
                text.Append(name).Append('=').Append(value).Append(name == "PATH" ? ":" + GpuPrograms : "").Append('\n');
            }
        }

        return text.ToString();
    }

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static string Quote(string value) => "'" + value.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
