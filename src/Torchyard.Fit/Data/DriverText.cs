using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Torchyard.Fit.Data;

/// <summary>
/// Reads a driver as people and package managers write it: <c>535.183.01</c>, <c>570</c>, <c>R570</c>, <c>570-server</c>,
/// <c>570.124.06-server</c>, <c>nvidia-driver-570-open</c>. A CUDA release or the number of a Windows driver is recognised, and said.
/// </summary>
public static class DriverText
{
    /// <summary>The oldest Linux branch that anybody may still name, which tells a driver from a CUDA release.</summary>
    private const int OldestBranch = 300;

    // Windows drivers that carry the number of a Linux branch, with two digits where Linux has three; GeForce release notes.
    private static readonly string[] WindowsOnLinuxBranches =
    [
        "545.84",
        "545.92",
        "555.85",
        "555.99",
        "560.70",
        "560.81",
        "560.94",
        "565.90",
        "580.88",
        "580.97",
        "595.71",
        "610.62",
    ];

    /// <summary>Branches from before the table, that also were Linux branches.</summary>
    private static readonly int[] OlderBranches = [304, 340, 361, 367, 375, 384, 387, 390, 396, 410, 415, 418, 430, 435, 440];

    private static readonly string[] Packages = ["nvidia-driver-", "nvidia-headless-", "nvidia-utils-", "cuda-drivers-", "nvidia-"];

    /// <summary>Reads a driver; on failure <paramref name="problem"/> says what the text is instead.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="tables">What is known of branches.</param>
    /// <param name="driver">The driver. One of which only the branch is named counts as the newest of it.</param>
    /// <param name="problem">What is wrong, and what to write.</param>
    public static bool TryParse(string text, FitTables tables, out DottedVersion driver, [NotNullWhen(false)] out DriverProblem? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(tables);
        problem = null;
        var plain = Plain(text);
        if (!DottedVersion.TryParse(plain, out driver))
        {
            problem = new DriverProblem($"'{text}' is not a driver version", "write it like 535.183.01, or 535 for the branch");
            return false;
        }

        if (driver.Major is >= 9 and < 20)
        {
            var branch = tables.BranchFor(driver);
            problem = new DriverProblem(
                $"'{text}' is a CUDA release, not a driver",
                branch is null
                    ? "name the driver that nvidia-smi shows, such as 580.95.05"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"drivers from branch {branch.Branch} on support CUDA {driver.MajorMinor}: name the driver that nvidia-smi shows"
                    )
            );
            return false;
        }

        if (driver.Major < OldestBranch)
        {
            problem = new DriverProblem($"'{text}' is not a driver version", "write it like 535.183.01, or 535 for the branch");
            return false;
        }

        if (IsWindows(plain, driver, tables))
        {
            var near = tables.BranchOf(driver);
            problem = new DriverProblem(
                $"'{text}' is the number of a Windows driver",
                "name the Linux driver, such as 570.124.06"
                    + (
                        near is null
                            ? ""
                            : string.Create(
                                CultureInfo.InvariantCulture,
                                $"; in WSL, where Windows brings the driver, its branch: {near.Branch}"
                            )
                    )
            );
            return false;
        }

        if (!plain.Contains('.', StringComparison.Ordinal))
        {
            driver = DottedVersion.NewestOf(driver.Major, plain);
        }

        return true;
    }

    /// <summary>Without the words around the number: <c>R</c>, the name of a package, and what a package adds to it.</summary>
    private static string Plain(string text)
    {
        var plain = text.Trim().ToLowerInvariant();
        foreach (var package in Packages)
        {
            if (plain.StartsWith(package, StringComparison.Ordinal))
            {
                plain = plain[package.Length..];
                break;
            }
        }

        if (plain is ['r' or 'v', >= '0' and <= '9', ..])
        {
            plain = plain[1..];
        }

        var end = plain.AsSpan().IndexOfAny('-', '+', ' ');
        return (end < 0 ? plain : plain[..end]).TrimEnd('.');
    }

    // Linux has had three numbers, or two with a second of three digits, in most drivers since 450; Windows always has two with two digits,
    // and its branches are mostly not those of Linux.
    private static bool IsWindows(string plain, DottedVersion driver, FitTables tables) =>
        plain.Split('.') is [_, { Length: 2 }]
        && (
            WindowsOnLinuxBranches.Contains(plain)
            || (
                !OlderBranches.Contains(driver.Major)
                && tables.Branches.All(row => row.Branch != driver.Major)
                && driver.Major <= tables.Branches[^1].Branch
            )
        );
}

/// <summary>What a text is that does not name a driver, and what to write.</summary>
/// <param name="Message">What is wrong.</param>
/// <param name="Cure">What to do.</param>
public sealed record DriverProblem(string Message, string Cure);
