using System.Buffers;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Starting;

/// <summary>Jupyter's token, which the environment's user keeps in a file that programs inside may replace.</summary>
internal static class JupyterToken
{
    private const string FileName = "jupyter-token";
    private const int LongestToken = 256;

    // token68 of RFC 9110, which is what an Authorization header takes.
    private static readonly SearchValues<char> Alphabet = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
    );

    /// <summary>Reads it.</summary>
    /// <param name="runDirectory">The host's view of /run/torchyard.</param>
    /// <exception cref="TorchyardException">TY9026: there is none, or what is there is none; TY9023 to TY9025: it is not a small regular
    /// file.</exception>
    public static string Read(UntrustedDirectory runDirectory)
    {
        using var run = runDirectory.TryOpen();
        var token = run?.ReadText(FileName, LongestToken + 1)?.Trim() ?? "";
        return token.Length is > 0 and <= LongestToken && !token.AsSpan().ContainsAnyExcept(Alphabet)
            ? token
            : throw new TorchyardException(
                "TY9026",
                $"{runDirectory.Shown(FileName)} holds no Jupyter token, so Jupyter is not asked",
                "a program inside may have changed it: torchyard up --recreate makes a new one"
            );
    }
}
