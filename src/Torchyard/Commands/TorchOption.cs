using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Fit.Data;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary>The option with which verbs take a PyTorch line.</summary>
internal static class TorchOption
{
    /// <summary><c>--torch</c>.</summary>
    public static Option<string?> Create()
    {
        var option = new Option<string?>("--torch")
        {
            Description = "PyTorch: a line (2.11), a release (2.11.0) or a range (\">=2.8,<2.11\"); default: 2.9, or what the recipe says",
            HelpName = "VERSION",
        };
        option.CompletionSources.Add(_ =>
            FitTables.Default.Builds.Select(row => string.Join('.', row.Torch.Split('.').Take(2))).Distinct(StringComparer.Ordinal)
        );
        return option;
    }

    /// <summary>Its value, or null.</summary>
    /// <exception cref="TorchyardException">TY5204: it is not a version.</exception>
    public static string? Read(Invocation invocation, Option<string?> option) =>
        invocation.Get(option) is not { } text ? null
        : FitRequest.TryParseTorch(text, out _) ? text
        : throw new TorchyardException(
            "TY5204",
            $"'{text}' is not a PyTorch version",
            "write 2.9, 2.9.1 or a range such as \">=2.8,<2.11\""
        )
        {
            IsUsage = true,
        };
}
