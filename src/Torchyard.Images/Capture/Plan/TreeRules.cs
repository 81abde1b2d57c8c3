using System.IO.Enumeration;
using Torchyard.Images.Capture.Host;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Capture.Plan;

/// <summary>What of a captured directory is never taken: secrets, repositories, caches, and what is made anew.</summary>
internal sealed class TreeRules(HostTree tree, IReadOnlySet<string> owned, IReadOnlyList<string> excluded, string root)
{
    private const long MaxKeyFile = 64 << 10;

    private static readonly HashSet<string> Repositories = new(StringComparer.Ordinal) { ".git", ".hg", ".svn", ".bzr" };

    private static readonly HashSet<string> SecretDirectories = new(StringComparer.Ordinal)
    {
        ".ssh",
        ".gnupg",
        ".aws",
        ".azure",
        ".kube",
        ".docker",
        ".gcloud",
        ".huggingface",
        ".wandb",
        ".config",
    };

    private static readonly HashSet<string> SecretFiles = new(StringComparer.Ordinal)
    {
        ".netrc",
        "_netrc",
        ".pypirc",
        "pip.conf",
        ".npmrc",
        ".git-credentials",
        ".gitconfig",
        ".env",
        ".condarc",
        ".boto",
        "credentials",
        "credentials.json",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "authorized_keys",
        "known_hosts",
        "jupyter_cookie_secret",
        "notebook_cookie_secret",
        "jupyter_server_config.json",
        "jupyter_notebook_config.json",
        ".pgpass",
        ".my.cnf",
        "kaggle.json",
    };

    private static readonly HashSet<string> Caches = new(StringComparer.Ordinal)
    {
        ".cache",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".ipynb_checkpoints",
        ".tox",
        ".nox",
    };

    /// <summary>Reason to leave an entry out; empty for what is not worth a word; null to take it.</summary>
    public string? Refuse(ScannedEntry entry)
    {
        var name = ArchivePath.Name(entry.Path);
        if (excluded.Any(pattern => Matches(pattern, entry.Path)))
        {
            return "--exclude";
        }

        if (name == "__pycache__" && entry.IsDirectory)
        {
            return "";
        }

        // What an installer lists in RECORD was published by its author; no secret of this machine is among it.
        if (owned.Contains(entry.Path))
        {
            return null;
        }

        return entry.IsDirectory ? RefuseDirectory(entry, name) : RefuseFile(entry, name);
    }

    /// <summary>True when the pattern names the path or a directory above it.</summary>
    internal bool Matches(string pattern, string path)
    {
        var full =
            pattern.StartsWith('/') ? pattern
            : pattern.Contains('/', StringComparison.Ordinal) ? $"{root}/{pattern}"
            : $"*/{pattern}";
        return FileSystemName.MatchesSimpleExpression(full.TrimEnd('/'), path, ignoreCase: false);
    }

    private string? RefuseDirectory(ScannedEntry entry, string name)
    {
        if (Repositories.Contains(name))
        {
            return "a repository, whose settings may hold credentials";
        }

        if (SecretDirectories.Contains(name))
        {
            return "settings and credentials of a user";
        }

        if (Caches.Contains(name))
        {
            return "a cache";
        }

        if (entry.Path.EndsWith("/share/jupyter/runtime", StringComparison.Ordinal))
        {
            return "tokens of running Jupyter servers";
        }

        if (entry.Path != root && tree.TryStat(entry.Path + "/oci/oci-layout", out _))
        {
            return "a store of images";
        }

        return entry.Path != root && tree.TryStat(entry.Path + "/pyvenv.cfg", out _) ? "another virtual environment" : null;
    }

    private string? RefuseFile(ScannedEntry entry, string name)
    {
        if (
            SecretFiles.Contains(name)
            || name.EndsWith("_history", StringComparison.Ordinal)
            || name.EndsWith(".kdbx", StringComparison.Ordinal)
        )
        {
            return "may hold credentials";
        }

        if (name == ".git")
        {
            return "a repository's link";
        }

        return
            entry.IsFile
            && entry.Stat.Size is > 0 and <= (ulong)MaxKeyFile
            && !name.EndsWith(".py", StringComparison.Ordinal)
            && HoldsPrivateKey(entry.Path)
            ? "holds a private key"
            : null;
    }

    private bool HoldsPrivateKey(string path) =>
        tree.ReadBytes(path, MaxKeyFile) is { } content
        && content.AsSpan().IndexOf("PRIVATE KEY-----"u8) is var at and > 0
        && content.AsSpan(0, at).LastIndexOf("-----BEGIN "u8) >= 0;
}
