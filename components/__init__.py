"""What a stack is made of: one component a file, and `config`, the door from Pulumi's config."""
