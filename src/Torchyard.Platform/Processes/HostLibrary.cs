using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Processes;

/// <summary>
/// Shared libraries of this machine that are loaded into this process: what is in them runs as this user, like a program.
/// </summary>
public static class HostLibrary
{
    /// <summary>
    /// Why a library is not loaded; null when it may be. For root alone: environments of Python that a group shares are an ordinary user's
    /// own choice.
    /// </summary>
    /// <param name="path">Absolute path.</param>
    public static string? Refusal(string path) => Refusal(path, UserCalls.EffectiveUser() == 0, FileTrust.OfThisProcess);

    internal static string? Refusal(string path, bool isRoot, FileTrust trust) =>
        isRoot && trust.CheckProgram(path) is { } mistrust
            ? $"{path} is not loaded as root, because {mistrust}: who may change it would run programs as root"
            : null;
}
