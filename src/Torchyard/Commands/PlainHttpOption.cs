using System.CommandLine;

namespace Torchyard.Commands;

/// <summary><c>--plain-http</c>, which each verb for registries has.</summary>
internal static class PlainHttpOption
{
    public static Option<bool> Create() =>
        new("--plain-http") { Description = "Ask the registry without TLS (this machine's own needs no word)" };
}
