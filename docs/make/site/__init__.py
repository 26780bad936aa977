"""The pages of the site: `python -m make.site` writes them into build/site-source, `envs/documentation.py` builds them.

They are those of docs/, which a code host shows as they are. The site has a page a method and a package of the API,
where docs/ has one page for all, and tutorials with what their code prints.
"""
