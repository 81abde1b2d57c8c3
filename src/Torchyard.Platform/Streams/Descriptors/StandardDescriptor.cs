using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Streams.Descriptors;

/// <summary>The three descriptors that every program gets from its caller.</summary>
public static class StandardDescriptor
{
    /// <summary>Standard input.</summary>
    public const int Input = 0;

    /// <summary>Standard output.</summary>
    public const int Output = 1;

    /// <summary>Standard error.</summary>
    public const int Error = 2;

    /// <summary>True when a descriptor is a terminal.</summary>
    public static bool IsTerminal(int descriptor) => TerminalCalls.IsTerminal(descriptor);
}
