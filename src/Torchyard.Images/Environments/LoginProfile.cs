namespace Torchyard.Images.Environments;

/// <summary><c>/etc/profile.d/torchyard.sh</c>: what an SSH login shell gets beyond Debian's profile.</summary>
internal static class LoginProfile
{
    public const string Text = """
        # Debian's /etc/profile sets a PATH of its own; a login by SSH gets back the container's.
        if [ -n "${TORCHYARD_PATH:-}" ]; then
            PATH=$TORCHYARD_PATH
            export PATH
            unset TORCHYARD_PATH
        fi
        if [ -n "${SSH_CONNECTION:-}" ] && [ "$PWD" = "$HOME" ] && [ -d /workspace ]; then
            cd /workspace
        fi

        """;
}
